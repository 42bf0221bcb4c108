/** What Photoshop's four interface colors set for a panel; near enough to judge contrast and layout. */
export const THEMES = {
  darkest: { background: '#323232', text: '#e8e8e8', secondary: '#b9b9b9', border: '#1e1e1e', link: '#5aa9fa' },
  dark: { background: '#535353', text: '#ffffff', secondary: '#dadada', border: '#383838', link: '#a5d2ff' },
  light: { background: '#b8b8b8', text: '#1c1c1c', secondary: '#333333', border: '#8a8a8a', link: '#003f9e' },
  lightest: { background: '#f0f0f0', text: '#2c2c2c', secondary: '#585858', border: '#cfcfcf', link: '#0d66d0' },
} as const;

export type ThemeName = keyof typeof THEMES;
export const THEME_NAMES = Object.keys(THEMES) as ThemeName[];

/** As custom properties of the page, where UXP has them. */
export function themeCss(name: ThemeName): string {
  const { background, text, secondary, border, link } = THEMES[name];
  return `:root {
    --uxp-host-background-color: ${background};
    --uxp-host-text-color: ${text};
    --uxp-host-text-color-secondary: ${secondary};
    --uxp-host-border-color: ${border};
    --uxp-host-link-text-color: ${link};
    --uxp-host-font-size: 12px;
    --uxp-host-font-size-smaller: 11px;
    font-family: "Source Sans 3", "Liberation Sans", "Noto Sans CJK SC", sans-serif;
  }`;
}
