/**
 * Look-alikes of UXP's Spectrum widgets, for a browser: about their size, look, values, events and keys. Runs in the page,
 * so it may use nothing from outside itself.
 */
export function defineSpectrum(): void {
  const ink = 'var(--uxp-host-text-color)';
  const faint = 'color-mix(in srgb, var(--uxp-host-text-color) 55%, var(--uxp-host-background-color))';
  const well = 'color-mix(in srgb, var(--uxp-host-text-color) 8%, var(--uxp-host-background-color))';
  const accent = '#1473e6';

  abstract class Widget extends HTMLElement {
    protected readonly shadow = this.attachShadow({ mode: 'open' });
    protected readonly canFocus: boolean = true;

    connectedCallback(): void {
      if (this.shadow.childNodes.length > 0) return;
      if (this.canFocus) this.tabIndex = 0;
      this.shadow.innerHTML = `<style>:host { box-sizing: border-box } ${this.css()}</style>${this.html()}`;
      this.ready();
    }

    protected abstract css(): string;
    protected abstract html(): string;
    protected ready(): void {}

    protected tell(type: string): void {
      this.dispatchEvent(new Event(type, { bubbles: true }));
    }

    /** Keys that mean a click. */
    protected pressable(act: () => void): void {
      this.addEventListener('click', act);
      this.addEventListener('keydown', (event) => {
        if (event.key !== ' ' && event.key !== 'Enter') return;
        event.preventDefault();
        this.click();
      });
    }
  }

  class Button extends Widget {
    protected css() {
      const kinds = {
        cta: `background: ${accent}; border-color: ${accent}; color: #fff`,
        primary: `border-color: ${ink}; color: ${ink}`,
        secondary: `border-color: ${faint}; color: ${ink}`,
      };
      const quiet = this.hasAttribute('quiet') ? 'border-color: transparent' : '';
      const kind = kinds[(this.getAttribute('variant') ?? 'cta') as keyof typeof kinds];
      return `:host { display: inline-flex; align-items: center; justify-content: center; min-height: 32px; padding: 0 12px;
        border: 2px solid; border-radius: 16px; font-size: 13px; font-weight: 600; line-height: 1.2; text-align: center;
        cursor: default; ${kind}; ${quiet} }`;
    }
    protected html() {
      return '<slot></slot>';
    }
    protected override ready() {
      this.setAttribute('role', 'button');
      this.pressable(() => {});
    }
  }

  class ActionButton extends Button {
    protected override css() {
      return `:host { display: inline-flex; align-items: center; min-height: 32px; padding: 0 8px; border-radius: 4px;
        font-size: 13px; font-weight: 600; cursor: default; color: ${ink} }
        slot[name=icon] { display: flex; width: 16px; justify-content: center; margin-right: 4px }`;
    }
    protected override html() {
      return '<slot name="icon"></slot><slot></slot>';
    }
  }

  class Icon extends Widget {
    static observedAttributes = ['name'];
    protected override readonly canFocus = false;
    protected css() {
      return ':host { display: inline-flex } svg { fill: none; stroke: currentColor; stroke-width: 1.6 }';
    }
    protected html() {
      const turn = this.getAttribute('name') === 'ui:ChevronDownMedium' ? 90 : 0;
      return `<svg width="10" height="10" viewBox="0 0 10 10"><path d="M3 1 L7 5 L3 9" transform="rotate(${turn} 5 5)"/></svg>`;
    }
    attributeChangedCallback() {
      if (this.shadow.childNodes.length > 0) this.shadow.innerHTML = `<style>${this.css()}</style>${this.html()}`;
    }
  }

  abstract class Toggle extends Widget {
    get checked(): boolean {
      return this.hasAttribute('checked');
    }
    set checked(on: boolean) {
      this.toggleAttribute('checked', on);
      this.setAttribute('aria-checked', String(on));
    }
    get value(): string {
      return this.getAttribute('value') ?? '';
    }
    protected css() {
      return `:host { display: inline-flex; align-items: flex-start; min-height: 24px; line-height: 18px; padding-top: 3px;
        box-sizing: border-box; font-size: 12px; color: ${ink} }
        i { flex-shrink: 0; width: 10px; height: 10px; margin: 2px 8px 0 0; border: 2px solid ${faint};
          border-radius: ${this.localName === 'sp-radio' ? '50%' : '2px'} }
        :host([checked]) i { border-color: ${accent}; background: ${this.localName === 'sp-radio' ? '#fff' : accent};
          ${this.localName === 'sp-radio' ? 'border-width: 4px; width: 6px; height: 6px' : ''} }`;
    }
    protected html() {
      return '<i></i><slot></slot>';
    }
  }

  class Radio extends Toggle {
    protected override ready() {
      this.setAttribute('role', 'radio');
      this.checked = this.checked;
      this.pressable(() => {
        for (const other of this.parentElement?.querySelectorAll<Radio>('sp-radio') ?? [])
          other.checked = other === this;
        this.tell('change');
      });
    }
  }

  class Checkbox extends Toggle {
    protected override ready() {
      this.setAttribute('role', 'checkbox');
      this.checked = this.checked;
      this.pressable(() => {
        this.checked = !this.checked;
        this.tell('change');
      });
    }
  }

  class RadioGroup extends Widget {
    protected override readonly canFocus = false;
    protected css() {
      return ':host { display: flex }';
    }
    protected html() {
      return '<slot></slot>';
    }
    protected override ready() {
      this.setAttribute('role', 'radiogroup');
    }
  }

  class Dropdown extends Widget {
    private index = 0;
    protected css() {
      return `:host { display: inline-flex; align-items: center; justify-content: space-between; height: 32px;
        padding: 0 10px; border: 1px solid ${faint}; border-radius: 4px; background: ${well}; font-size: 13px; color: ${ink} }
        span { overflow: hidden; white-space: nowrap; text-overflow: ellipsis } svg { flex-shrink: 0; margin-left: 6px }`;
    }
    protected html() {
      return `<span></span><svg width="10" height="10" viewBox="0 0 10 10" fill="none" stroke="currentColor"
        stroke-width="1.6"><path d="M1 3 L5 7 L9 3"/></svg>`;
    }
    protected override ready() {
      this.setAttribute('role', 'combobox');
      this.selectedIndex = this.index;
    }
    get selectedIndex(): number {
      return this.index;
    }
    set selectedIndex(index: number) {
      this.index = index;
      const text = this.shadow.querySelector('span');
      if (text) text.textContent = this.querySelectorAll('sp-menu-item')[index]?.textContent ?? '';
    }
  }

  class Slider extends Widget {
    static observedAttributes = ['min', 'max'];
    private at: number | null = null;
    protected css() {
      return `:host { display: block; position: relative; height: 24px }
        hr { position: absolute; inset: 11px 0 auto 0; height: 2px; margin: 0; border: 0; background: ${faint} }
        i { position: absolute; top: 5px; width: 10px; height: 10px; border: 2px solid ${ink}; border-radius: 50%;
          background: var(--uxp-host-background-color); transform: translateX(-50%) }`;
    }
    protected html() {
      return '<hr><i></i>';
    }
    protected override ready() {
      this.setAttribute('role', 'slider');
      this.value = this.at ?? Number(this.getAttribute('value'));
      this.addEventListener('keydown', ({ key }) => {
        const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[key];
        if (step === undefined) return;
        this.value = Math.min(this.number('max'), Math.max(this.number('min'), Number(this.value) + step));
        this.tell('input');
        this.tell('change');
      });
    }
    attributeChangedCallback() {
      if (this.at !== null) this.value = this.at;
    }
    get value(): string {
      return String(this.at ?? this.getAttribute('value'));
    }
    set value(value: string | number) {
      this.at = Number(value);
      const handle = this.shadow.querySelector('i');
      const [min, max] = [this.number('min'), this.number('max')];
      // The handle stays within the track, as that of Spectrum does.
      if (handle) handle.style.left = `calc(7px + (100% - 14px) * ${(this.at - min) / (max - min)})`;
      for (const [name, number] of Object.entries({ now: this.at, min, max })) {
        this.setAttribute(`aria-value${name}`, String(number));
      }
    }
    private number(name: string): number {
      return Number(this.getAttribute(name));
    }
  }

  class TextField extends Widget {
    protected override readonly canFocus = false;
    private typed: string | null = null;
    protected css() {
      return `:host { display: inline-block } input { box-sizing: border-box; width: 100%; height: 32px; padding: 0 10px;
        border: 1px solid ${faint}; border-radius: 4px; outline-offset: 1px; background: ${well}; color: ${ink};
        font: 13px inherit } input::placeholder { color: var(--uxp-host-text-color-secondary); opacity: 1 }
        input:focus { outline: 2px solid var(--uxp-host-link-text-color) }`;
    }
    protected html() {
      return '<input>';
    }
    protected override ready() {
      const { field } = this;
      field.value = this.typed ?? this.getAttribute('value') ?? '';
      field.placeholder = this.getAttribute('placeholder') ?? '';
      field.setAttribute('aria-label', this.getAttribute('aria-label') ?? '');
      field.addEventListener('change', () => this.tell('change'));
      // `input` comes out of the shadow by itself.
    }
    private get field(): HTMLInputElement {
      return this.shadow.querySelector('input')!;
    }
    get value(): string {
      return this.isConnected ? this.field.value : (this.typed ?? '');
    }
    set value(value: string) {
      this.typed = value;
      if (this.shadow.querySelector('input')) this.field.value = value;
    }
    override setAttribute(name: string, value: string) {
      super.setAttribute(name, value);
      if (this.shadow.querySelector('input')) this.field.setAttribute(name, value);
    }
  }

  class ProgressBar extends Widget {
    static observedAttributes = ['value'];
    protected override readonly canFocus = false;
    protected css() {
      return `:host { display: block; height: 4px; border-radius: 2px; background: ${well}; overflow: hidden }
        i { display: block; height: 100%; background: ${accent} }`;
    }
    protected html() {
      return '<i></i>';
    }
    protected override ready() {
      this.attributeChangedCallback();
    }
    attributeChangedCallback() {
      const bar = this.shadow.querySelector('i');
      if (bar) bar.style.width = `${this.getAttribute('value')}%`;
    }
  }

  class Divider extends Widget {
    protected override readonly canFocus = false;
    protected css() {
      return `:host { display: block; height: 1px; background: ${faint}; opacity: 0.5 }`;
    }
    protected html() {
      return '';
    }
  }

  class Menu extends Widget {
    protected override readonly canFocus = false;
    protected css() {
      return ':host { display: none }';
    }
    protected html() {
      return '<slot></slot>';
    }
  }

  const widgets = {
    'sp-icon': Icon,
    'sp-button': Button,
    'sp-action-button': ActionButton,
    'sp-radio': Radio,
    'sp-radio-group': RadioGroup,
    'sp-checkbox': Checkbox,
    'sp-menu': Menu,
    'sp-dropdown': Dropdown,
    'sp-slider': Slider,
    'sp-textfield': TextField,
    'sp-progressbar': ProgressBar,
    'sp-divider': Divider,
  };
  for (const [name, widget] of Object.entries(widgets)) customElements.define(name, widget);
}
