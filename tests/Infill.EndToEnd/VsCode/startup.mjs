// How long it takes until the first key can be typed in a window that opens, with the extension and without, by turns:
//   node startup.mjs CODE_SERVER VSIX TURNS
// Prints milliseconds from navigation to the frame that shows a typed key, and from that to the start of the extension's server, as JSON:
// {"with": [...], "without": [...], "started": [...]}. Both sides have another extension that does nothing: what VS Code itself does for
// the first one that is installed, whatever it is, is not ours (seen: some 200 ms on two cores).
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { chromium } from 'playwright-core';

const [codeServer, vsix, turns] = process.argv.slice(2);
const patience = 60_000;
const work = mkdtempSync(join(tmpdir(), 'infill-startup-'));
const settings = {
  'security.workspace.trust.enabled': false, 'workbench.startupEditor': 'none', 'chat.disableAIFeatures': true, 'telemetry.telemetryLevel': 'off',
  'files.hotExit': 'off', 'files.autoSave': 'off', 'extensions.ignoreRecommendations': true, 'workbench.tips.enabled': false,
};

const other = { name: 'nothing', publisher: 'other', version: '0.1.0', engines: { vscode: '^1.90.0' }, main: './main.js', activationEvents: ['onStartupFinished'] };

/** One VS Code with a file open, as its user left it. */
class Side {
  constructor(name) {
    this.home = join(work, name);
    this.isOurs = name === 'with';
  }

  async start(browser) {
    const [user, extensions, project] = ['user', 'extensions', 'project'].map(name => join(this.home, name));
    for (const folder of [join(user, 'User'), extensions, project]) mkdirSync(folder, { recursive: true });
    writeFileSync(join(user, 'User', 'settings.json'), JSON.stringify(settings));
    writeFileSync(join(project, 'first.py'), readFileSync(new URL('../shapes.py', import.meta.url)));
    const beside = join(extensions, `${other.publisher}.${other.name}-${other.version}`);
    mkdirSync(beside);
    writeFileSync(join(beside, 'package.json'), JSON.stringify(other));
    writeFileSync(join(beside, other.main), 'exports.activate = () => {};');
    const folders = ['--user-data-dir', user, '--extensions-dir', extensions];
    if (this.isOurs) execFileSync(codeServer, [...folders, '--install-extension', vsix], { stdio: 'pipe' });
    const port = await freePort();
    this.address = `http://127.0.0.1:${port}/?folder=${project}`;
    const environment = {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('INFILL_'))),
      XDG_CONFIG_HOME: this.home, XDG_DATA_HOME: this.home, XDG_CACHE_HOME: this.home, XDG_STATE_HOME: this.home, XDG_RUNTIME_DIR: join(this.home, 'run'),
    };
    this.server = spawn(codeServer, [...folders, '--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, '--disable-telemetry', '--disable-update-check', '--disable-workspace-trust'],
      { stdio: 'ignore', env: environment, detached: true });
    for (const began = Date.now(); ; await delay(100)) {
      const isUp = await fetch(`http://127.0.0.1:${port}/healthz`).then(response => response.ok, () => false);
      if (isUp) break;
      if (Date.now() - began > patience) throw new Error('code-server did not start.');
    }

    this.context = await browser.newContext({ viewport: { width: 1000, height: 800 } });
    await this.context.addInitScript(watch);
    const page = await this.context.newPage();
    await page.goto(this.address);
    await page.locator('.monaco-workbench').waitFor({ timeout: patience });
    await page.keyboard.press('Control+p');
    await page.locator('.quick-input-widget input').first().waitFor({ timeout: patience });
    await page.keyboard.type('first.py');
    await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: 'first.py' }).first().waitFor({ timeout: patience });
    await page.keyboard.press('Enter');
    await page.locator('.monaco-editor.focused .view-line').first().waitFor({ timeout: patience });
    await delay(5000); // what the user left open is written down
    await page.close();
  }

  /** Opens the window again, as it was left, and types at once, until that is seen. */
  async open() {
    const page = await this.context.newPage();
    await page.goto(this.address, { waitUntil: 'commit' });
    let typed;
    for (const began = Date.now(); !typed; ) {
      await page.keyboard.press('~');
      typed = await page.evaluate(() => globalThis.infillTyped);
      if (Date.now() - began > patience) throw new Error('No key was ever seen.');
    }
    const origin = await page.evaluate(() => performance.timeOrigin);
    let started;
    for (const began = Date.now(); this.isOurs && started === undefined; await delay(50)) {
      started = processes(this.home).map(startOf).find(start => start > origin);
      if (Date.now() - began > patience) throw new Error('The extension started no server.');
    }
    await delay(1500); // whatever begins after the start comes to its end, and is in nobody's way
    await page.close();
    return { typed, started: started - origin - typed };
  }
}

/** Runs in the page from its beginning: notes the first frame whose text is another than the first text that was seen. */
function watch() {
  let before;
  const look = now => {
    const text = document.querySelector('.monaco-editor .view-lines')?.textContent || undefined;
    before ??= text;
    if (before !== undefined && text !== before && text?.includes('~')) globalThis.infillTyped = now;
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

function freePort() {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** The ids of the processes whose program lies below a folder: they outlive the window, as they are meant to. */
function processes(folder) {
  return readdirSync('/proc').filter(name => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/exe`).startsWith(folder);
    } catch {
      return false; // it has ended, or is none of ours
    }
  });
}

/** When a process started, in ms since 1970, to the kernel's tick of 10 ms. Undefined where it has ended. */
function startOf(id) {
  try {
    const afterName = readFileSync(`/proc/${id}/stat`, 'utf8').split(') ').at(-1).split(' ');
    const booted = Date.now() - 1000 * Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
    return booted + 10 * Number(afterName[19]);
  } catch {
    return undefined;
  }
}

const sides = { without: new Side('without'), with: new Side('with') };
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] });
const report = { with: [], without: [], started: [] };
try {
  for (const side of Object.values(sides)) await side.start(browser);
  for (const side of Object.values(sides)) await side.open(); // the first time fills caches
  console.error(`Both are there after ${Math.round(performance.now())} ms.`);
  for (let turn = 0; turn < Number(turns); turn++) {
    const names = turn % 2 === 0 ? ['with', 'without'] : ['without', 'with'];
    for (const name of names) {
      const { typed, started } = await sides[name].open();
      report[name].push(typed);
      if (sides[name].isOurs) report.started.push(started);
    }
    console.error(`${Math.round(performance.now())} ms: ${JSON.stringify(report)}`);
  }
} finally {
  await browser.close();
  for (const id of [...Object.values(sides).filter(({ server }) => server).map(({ server }) => -server.pid), ...processes(work).map(Number)]) {
    try {
      process.kill(id, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
  rmSync(work, { recursive: true, force: true, maxRetries: 5 });
}
console.log(JSON.stringify(report));
