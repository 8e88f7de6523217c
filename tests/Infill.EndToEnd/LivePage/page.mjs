// Somebody who looks at the live page in a real Chromium while others use the server: prints what was on the screen, as one
// JSON object by look. It judges nothing; the tests read the report.
//   node page.mjs SERVER_URL OUT
// OUT takes screenshots.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const { chromium } = createRequire(new URL('../VsCode/package.json', import.meta.url))('playwright-core');

const [server, out] = process.argv.slice(2);
const patience = 90_000;
const text = readFileSync(new URL('../shapes.py', import.meta.url), 'utf8');
const wide = { width: 1200, height: 900 };
const narrow = { width: 360, height: 740 }; // a small phone
const looks = {
  wideLight: { viewport: wide, colorScheme: 'light' },
  wideDark: { viewport: wide, colorScheme: 'dark' },
  narrowLight: { viewport: narrow, colorScheme: 'light', isMobile: true, deviceScaleFactor: 2 },
  narrowDark: { viewport: narrow, colorScheme: 'dark', isMobile: true, deviceScaleFactor: 2 },
};
mkdirSync(out, { recursive: true });

/** Editors that ask for something else each time; every fourth request is left before it has been answered, and after every third they think: so the load rises and falls. */
class Load {
  isOver = false;

  constructor() {
    this.users = Array.from({ length: 5 }, (_, number) => this.work(number));
  }

  async work(number) {
    for (let round = 0; !this.isOver; round++) {
      const leaving = round % 4 === 3 ? AbortSignal.timeout(150) : undefined;
      const [path, body] = number === 4
        ? ['infill', { input_prefix: text, input_suffix: '', n_predict: 40 }]
        : ['v1/completions', { prompt: `# ${'editor '.repeat(round % 7)}${number}\n${text}`, max_tokens: 40, user: `a-colleague-with-a-long-name-${number}` }];
      try {
        const answer = await fetch(new URL(path, server), {
          method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ ...body, stream: true, temperature: 0.8 }), signal: leaving,
        });
        await answer.text();
      } catch (error) {
        if (!leaving?.aborted) throw error;
      }

      if (round % 3 === 2) await delay(200);
    }
  }

  async end() {
    this.isOver = true;
    await Promise.all(this.users);
  }
}

async function until(isSo, story = () => '') {
  const began = Date.now();
  while (Date.now() - began < patience) {
    if (await isSo()) return;
    await delay(20);
  }
  throw new Error(`It never came to be: ${isSo}\n${story()}`);
}

/** What is on the page now. */
function read() {
  const rows = place => [...document.querySelectorAll(`#${place} tbody tr`)].map(row => [...row.cells].map(cell => cell.textContent));
  return {
    state: document.getElementById('state').textContent,
    tiles: ['rate', 'load', 'first', 'inter', 'cache'].map(id => document.getElementById(id).textContent),
    requests: rows('requests'), recent: rows('recent'), clients: rows('clients'), finished: rows('finished'),
  };
}

/** How wide things are, in CSS pixels. */
function measure() {
  const wide = [...document.querySelectorAll('body *')].filter(item => item.scrollWidth > item.clientWidth && getComputedStyle(item).overflowX === 'auto');
  return { page: document.documentElement.scrollWidth, window: innerWidth, scrolling: wide.map(item => item.textContent.slice(0, 40)) };
}

/** The least contrast of a text to what is behind it (WCAG's ratio), and how bright the page's ground is (0 to 1). */
function colours() {
  const channels = colour => colour.match(/[\d.]+/g).map(Number);
  const luminance = colour => channels(colour).slice(0, 3).map(c => c / 255).map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = item => {
    const { backgroundColor } = getComputedStyle(item);
    return channels(backgroundColor)[3] === 0 ? ground(item.parentElement) : backgroundColor;
  };
  const texts = [...document.querySelectorAll('body *')].filter(item => [...item.childNodes].some(node => node.nodeType === 3 && node.data.trim()) && item.checkVisibility());
  const contrasts = texts.filter(item => item.tagName !== 'SCRIPT').map(item => {
    const [a, b] = [luminance(getComputedStyle(item).color), luminance(ground(item))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  });
  return { ground: luminance(getComputedStyle(document.body).backgroundColor), contrast: Math.min(...contrasts) };
}

async function look(browser, name) {
  const context = await browser.newContext(looks[name]);
  const page = await context.newPage();
  const [errors, addresses] = [[], []];
  page.on('console', message => { if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text()); });
  page.on('pageerror', error => errors.push(String(error)));
  page.on('request', request => addresses.push(request.url()));
  await page.goto(server);

  // Rows that appear, in which phases, and that are found among the ended ones later; and each tile's different values.
  const [seen, phases, tiles] = [new Set(), new Set(), Array.from({ length: 5 }, () => new Set())];
  let now;
  await until(async () => {
    now = await page.evaluate(read);
    for (const row of now.requests) {
      seen.add(row[0]);
      phases.add(row[3]);
    }
    now.tiles.forEach((value, index) => tiles[index].add(value));
    return now.requests.length > 2 && seen.size > 6 && now.recent.some(row => seen.has(row[0])) && now.finished.some(row => row[0] === 'cancelled') && tiles.slice(0, 3).every(values => values.size > 2);
  }, () => JSON.stringify({ name, now, seen: [...seen], tiles: tiles.map(values => [...values]), errors }));
  const ended = now.recent.filter(row => seen.has(row[0])).length;
  await until(async () => (now = await page.evaluate(read)).requests.length > 2);
  await page.screenshot({ path: join(out, `${name}.png`), fullPage: name.startsWith('narrow') });
  const [size, colour] = [await page.evaluate(measure), await page.evaluate(colours)];
  return {
    page, report: {
      state: now.state, seen: seen.size, ended, phases: [...phases], tiles: tiles.map(values => values.size), reasons: now.finished.map(row => row[0]), clients: now.clients.map(row => row[0]),
      size, colour, errors, addresses,
    },
  };
}

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] });
const report = {};
try {
  const load = new Load();
  const pages = [];
  for (const name of Object.keys(looks)) {
    const { page, report: seen } = await look(browser, name);
    report[name] = seen;
    pages.push([name, page]);
  }
  await load.end();
  for (const [name, page] of pages) {
    await until(async () => (await page.evaluate(read)).requests.length === 0);
    report[name].quiet = await page.locator('#requests').textContent();
    if (name.endsWith('Dark')) await page.screenshot({ path: join(out, `${name}-quiet.png`) });
  }
} finally {
  await browser.close();
}
console.log(JSON.stringify(report, null, 1));
