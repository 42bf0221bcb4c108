import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Desk } from '../../server/system/desk.ts';
import { packageRoot } from '../../server/system/package-root.ts';
import { listenWith, OPAQUE, type Stage, standInDesk } from '../server/server-fixture.ts';
import { findChromium } from './chromium.ts';
import { launchWeb, Visit } from './page-driver.ts';

const executable = findChromium();
const SECRET = 's'.repeat(43);

describe.skipIf(executable === null)('the controls of the page', () => {
  let browser: Browser;
  let stage: Stage;
  let visit: Visit;
  let done: string[];
  let desk: Desk;
  beforeAll(async () => {
    browser = await launchWeb(executable!);
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    done = [];
    desk = standInDesk(done);
    const shutdown = { token: SECRET, begin: () => void done.push('stop') };
    const page = `${packageRoot}/dist/web`;
    stage = await listenWith(async () => OPAQUE(), {}, shutdown, undefined, undefined, page, desk);
  });
  afterEach(async () => {
    await visit?.close();
    await stage.close();
  });

  const origin = () => `http://127.0.0.1:${stage.port}`;
  const poll = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

  async function openWithTicket() {
    const headers = { authorization: `Bearer ${SECRET}` };
    const { ticket } = await (await fetch(`${origin()}/v1/control/ticket`, { method: 'POST', headers })).json();
    visit = await Visit.open(browser, origin(), {});
    // As `hairline open` does: the address brings the ticket.
    await visit.page.goto('about:blank');
    await visit.page.goto(`${origin()}/#ticket=${ticket}`);
    await visit.page.waitForSelector('#control:not([hidden])');
    return visit.page;
  }

  test('are not there when the page was opened by its plain address', async () => {
    visit = await Visit.open(browser, origin(), {});
    await poll(() => visit.page.getAttribute('#server', 'data-state')).not.toBeNull();
    expect(await visit.page.isVisible('#control')).toBe(false);
  });

  test('lead through the first steps, without a fault that axe can find, in both languages', async () => {
    const page = await openWithTicket();
    expect(page.url()).toBe(`${origin()}/`);
    expect(await page.isVisible('#install-panel')).toBe(true);
    expect(await visit.findFaults()).toEqual([]);
    await page.click('#language');
    expect(await page.innerText('#install-panel')).toBe('安装面板');
    await page.click('#install-panel');
    await poll(() => done).toEqual(['panel']);
    await fetch(`${origin()}/health`, { headers: { origin: 'file://' } });
    await poll(() => page.getAttribute('#panel-light', 'data-state')).toBe('ready');
  });

  test('switch autostart, and say what the system refuses', async () => {
    const page = await openWithTicket();
    await page.check('#autostart');
    await poll(() => done).toEqual(['autostart true']);
    await page.uncheck('#autostart');
    await poll(() => done).toEqual(['autostart true', 'autostart false']);
    await page.click('#open-log');
    await poll(() => page.innerText('#notice')).toContain('There is no file manager.');
    await page.click('#stop-server');
    await poll(() => done.at(-1)).toBe('stop');
  });

  test('look for new versions once they are told to, and install one, or say why not', async () => {
    const update = desk.updates!.state;
    update.available = null;
    const page = await openWithTicket();
    expect([await page.isChecked('#watch'), await page.isVisible('#update')]).toEqual([false, false]);
    update.available = '0.2.0';
    await page.check('#watch');
    await poll(() => page.innerText('#update')).toContain('Hairline 0.2.0 is available.');
    await page.click('#install-update');
    await poll(() => done).toEqual(['watch true', 'update']);
    update.installing = true;
    await poll(() => page.innerText('#update')).toContain('is being installed');
    expect(await page.isVisible('#install-update')).toBe(false);
    Object.assign(update, { installing: false, failure: 'The disk is full.' });
    await poll(() => page.innerText('#update')).toContain(
      'The update to Hairline 0.2.0 did not work. The disk is full.',
    );
    expect(await page.isVisible('#install-update')).toBe(true);
    expect(await visit.findFaults()).toEqual([]);
  });

  test('do not offer to look where npm or a checkout brought the server', async () => {
    Object.assign(desk, { updates: null });
    const page = await openWithTicket();
    expect([await page.isVisible('#watch'), await page.isVisible('#autostart')]).toEqual([false, true]);
  });

  test('list the models with their sizes, and stay after a reload', async () => {
    const page = await openWithTicket();
    expect(await page.innerText('#models')).toMatch(/Stand-in[\s\S]*Remove \(1 MB\)/);
    await page.reload();
    await page.waitForSelector('#control:not([hidden])');
  });

  test('say that a ticket which was used already is of no use', async () => {
    visit = await Visit.open(browser, origin(), {});
    await visit.page.goto('about:blank');
    await visit.page.goto(`${origin()}/#ticket=${'x'.repeat(43)}`);
    await poll(() => visit.page.innerText('#notice')).toContain('not available in this window');
    expect(await visit.page.isVisible('#control')).toBe(false);
  });
});
