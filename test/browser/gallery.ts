import { PluginError } from '../../plugin/errors.ts';
import type { PanelState, View } from '../../plugin/session/state.ts';
import { createBatchPanel } from '../../plugin/ui/batch-view.ts';
import { createPanel } from '../../plugin/ui/panel.ts';
import { chooseStrings } from '../../words/panel/choose.ts';
import { BATCHES, NO_BATCH, STATES } from './gallery-states.ts';
import { findLayoutProblems, findPaleText } from './inspect.ts';
import { defineSpectrum } from './spectrum.ts';
import { THEME_NAMES, type ThemeName, themeCss } from './themes.ts';

/**
 * The panel's own page and drawing code, without a Photoshop: a page loads this in place of the bundle and draws one
 * state after another. `?locale=zh_CN` chooses the language.
 */
export interface Gallery {
  names: string[];
  themes: readonly ThemeName[];
  paint(theme: ThemeName): void;
  /** @param change over what the state says */
  draw(name: string, change?: Partial<View>): void;
  /** A state as it looks on a good day, for pictures: short names, and a picture of 3 : 2 as preview. */
  example(name: string, picture: string): Partial<View>;
  /** Draws every state with everything open, and answers with what is wrong with it. */
  inspect(): string[];
}

const NOTHING = { model: '', provider: '', refinable: null };

defineSpectrum();
const paintbrush = document.head.appendChild(document.createElement('style'));
const nothing = () => {};
const panel = createPanel(document, chooseStrings(new URLSearchParams(location.search).get('locale') ?? ''), {
  ...{ maskSubject: nothing, answer: nothing, cancel: nothing, choose: nothing, lookAtEdge: nothing },
  ...{ changeEdge: nothing, showOn: nothing, keepEdge: nothing, applyEdge: nothing, startServer: nothing },
  chooseAddress: async (address) => address === '',
});
const batch = createBatchPanel(document, chooseStrings(new URLSearchParams(location.search).get('locale') ?? ''), {
  ...{ start: nothing, stop: nothing, resume: nothing, retry: nothing, toggleChoice: nothing, choose: nothing },
  ...{ setRedoMasked: nothing, setFormat: nothing, chooseFolder: nothing, forgetFolder: nothing },
});
panel.mount(document.body);

const gallery: Gallery = {
  names: Object.keys(STATES),
  themes: THEME_NAMES,
  paint(theme) {
    paintbrush.textContent = themeCss(theme);
  },
  draw(name, change = {}) {
    panel.draw({ ...STATES[name]!, ...change });
    batch.draw(BATCHES[name] ?? NO_BATCH);
  },
  example(name, picture) {
    const { panel: state, edge, server } = STATES[name]!;
    const layer = 'Portrait';
    const preview = edge.preview && { ...edge.preview, layer, url: picture, aspect: 3 / 2 };
    const bare = server.name === 'offline' ? { ...server, error: new PluginError('NOT_RUNNING') } : server;
    const asking = state.name === 'asking' ? { ...state, layer } : state;
    const done: PanelState = { name: 'done', result: { layers: [{ layerName: layer, outcome: 'mask' }], ...NOTHING } };
    const controls = { ...edge.controls, shift: -1, hair: 0.2 };
    return preview === null ? { panel: asking, server: bare } : { panel: done, edge: { ...edge, preview, controls } };
  },
  inspect() {
    return gallery.names.flatMap((name) => {
      gallery.draw(name);
      for (const toggle of document.querySelectorAll<HTMLElement>('.toggle[aria-expanded=false]')) toggle.click();
      const silent = document.getElementById('status')?.textContent ? [] : ['says nothing'];
      const pale = THEME_NAMES.flatMap((theme) => {
        gallery.paint(theme);
        return findPaleText().map((text) => `pale in ${theme}: ${text}`);
      });
      return [...silent, ...findLayoutProblems(), ...pale].map((problem) => `${name}: ${problem}`);
    });
  },
};
gallery.paint('darkest');
Object.assign(window, { gallery });
