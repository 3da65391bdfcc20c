/** The two tokens of a session, while they are renewed. */

import { $, client, element, failed, message, path, presses, say, step } from './shared.js';
import { locale } from './time.js';

const section = $('step-halves');
/** The access token that is shown. */
let shown = {};
let isAway = false;

client.onChange(({ signedIn }) => {
  shown = {};
  $('renewals').textContent = '';
  step(signedIn ? 'step-halves' : 'step-out');
  if (signedIn) tick();
});
$('renew').onclick = () => client.renew().then(tick, tick);
$('to-sign-in').href = path($('to-sign-in').getAttribute('href'));
start();

async function start() {
  try {
    await client.token();
    setInterval(() => document.hidden || tick(), 1000);
  } catch (error) {
    failed(error, start);
  }
}

/** Shows the token, and renews it when it is about to expire. */
async function tick() {
  if (section.hidden) return;
  try {
    const token = await client.token();
    if (isAway) say(section, '');
    isAway = false;
    if (!token) return;
    if (token !== shown.token) draw(token);
    const left = Math.max(0, shown.life - (Date.now() - shown.since) / 1000);
    $('life').value = left / shown.life;
    $('left').textContent = `${Math.floor(left / 60)}:${String(Math.floor(left % 60)).padStart(2, '0')}`;
  } catch (error) {
    // Screen readers announce each change: say it once.
    if (!isAway) say(section, message(error));
    isAway = true;
  }
}

function draw(token) {
  const [header, claims, signature] = token.split('.');
  const read = decoded(claims);
  const isRenewed = !!shown.token;
  shown = { token, since: Date.now(), life: read.exp - read.iat };
  const parts = { header, claims, signature: `${signature.slice(0, 6)}…` };
  for (const [part, words] of Object.entries(parts)) document.querySelector(`#token .${part}`).textContent = words;
  members('token-header', decoded(header));
  members('token-claims', read);
  $('renewals').prepend(element('li', `${time(Date.now())} ${isRenewed ? 'renewed' : 'received'}, valid for ${shown.life} s`));
  if ($('renewals').children.length > 50) $('renewals').lastChild.remove();
  drawSession();
}

async function drawSession() {
  const current = (await client.sessions()).find((session) => session.current);
  members('session', {
    session: current.id,
    'signed in': time(current.created_at),
    'last renewed': time(current.renewed_at),
    'expires if not renewed': time(current.idle_expires_at),
    'expires at the latest': time(current.expires_at),
  });
}

function decoded(part) {
  const bytes = Uint8Array.from(atob(part.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

function members(id, object) {
  $(id).replaceChildren(...Object.entries(object).flatMap(([name, value]) => {
    const words = typeof value === 'string' ? value : JSON.stringify(value);
    const isTime = ['exp', 'iat', 'auth_time'].includes(name);
    return [element('dt', name), element('dd', isTime ? `${words} (${time(value * 1000)})` : words)];
  }));
}

const time = (at) => new Date(at).toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'medium' });
