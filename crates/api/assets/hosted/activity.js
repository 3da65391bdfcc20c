/** What happened to the account, in sentences. */

import { $, client, element, lang, presses, t } from './shared.js';
import { ago, locale } from './time.js';

/** What was loaded and is not shown yet, and where to continue. */
let events = [];
let before;
const PAGE = 10;

let texts;

export async function start() {
  texts ??= await (await fetch(`/hosted/events-${lang}.json`)).json();
  await more();
  $('show-events').hidden = true;
  presses($('more-events'), more);
}

async function more() {
  if (events.length < PAGE && before !== null) {
    const page = await client.events({ before });
    events.push(...page.events);
    before = page.next ?? null;
  }
  $('events').append(...events.splice(0, PAGE).map(row));
  $('more-events').hidden = !events.length && !before;
}

function row({ kind, outcome, reason, ip, user_agent: agent, at }) {
  const isRefused = outcome === 'refused';
  const keys = isRefused
    ? [`${kind}_refused_${reason}`, `${kind}_refused`, 'refused']
    : [`${kind}_${reason}`, kind, 'other'];
  const words = texts[keys.find((key) => key in texts)].replace('{kind}', kind);
  const isWarning = isRefused || ['refresh_reused', 'replay_suspicious'].includes(kind) || reason === 'reuse';
  const time = element('time', ago(at));
  time.title = new Date(at).toLocaleString(locale);
  time.dateTime = at;
  const small = element('small', [device(agent), ip, ''].filter((part) => part !== undefined).join(' · '));
  small.append(time);
  const what = element('div', words, isWarning ? 'warn' : '');
  what.append(small);
  const line = element('li');
  line.append(what);
  return line;
}

/** Most browsers also call themselves Chrome and Safari, so those come last. */
const BROWSERS = {
  'Edg': 'Edge', 'OPR/': 'Opera', 'SamsungBrowser/': 'Samsung Internet', 'Firefox/': 'Firefox', 'FxiOS/': 'Firefox',
  'Chrome/': 'Chrome', 'CriOS/': 'Chrome', 'Safari/': 'Safari',
};
const SYSTEMS = {
  'iPhone': 'iPhone', 'iPad': 'iPad', 'Android': 'Android', 'Windows': 'Windows', 'CrOS': 'ChromeOS',
  'Mac OS X': 'macOS', 'Linux': 'Linux',
};

/** "Firefox on Linux", as the service names devices. */
function device(agent) {
  if (!agent) return undefined;
  const [browser, system] = [BROWSERS, SYSTEMS].map((names) => names[Object.keys(names).find((sign) => agent.includes(sign))]);
  if (!browser) return agent.split(/[/ ]/)[0].slice(0, 40);
  return system ? `${browser} ${t('ac_on')} ${system}` : browser;
}
