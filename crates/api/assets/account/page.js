import { createClient } from '/symbolon.js';

const client = createClient();
const $ = (id) => document.getElementById(id);

/** Why a session ended, for the one whose it was. */
const REASONS = {
  logout: 'You have signed out.',
  refresh_reused: 'This session was used from two places, so it has been ended: its cookie may have been copied. If you do not know how, change your password.',
  revoked_by_user: 'This session was ended from another of your devices.',
  revoked_by_operator: 'This session was ended by the operator.',
  password_changed: 'Your password was changed on another device, which ended this session.',
  user_disabled: 'Your account was disabled.',
  forced_renewal: 'Your sessions were renewed by a service of yours, which ended this one.',
  session_limit: 'You signed in on more devices than are allowed, and this was the oldest.',
  idle: 'You were away for too long.',
  refresh_missing: 'You were away for too long, or the cookie of this site was deleted.',
  absolute: 'This session has reached its greatest age.',
};
REASONS.reuse = REASONS.refresh_reused;

/** What is shown, so that only what changes is written anew. */
let shown = { token: null, since: 0, life: 1 };
/** Whether the service did not answer when it was last asked. */
let isAway = false;
/** Whether name and sessions are those of the one who is signed in. */
let isLoaded = false;

client.onChange(({ signedIn, reason }) => {
  notice(signedIn || !reason ? '' : REASONS[reason] ?? `Your session has ended (${reason}).`, reason === 'logout');
  show(signedIn);
});

$('to-register').querySelector('button').onclick = () => choose('register');
$('to-sign-in').querySelector('button').onclick = () => choose('sign-in');
$('to-register').hidden = document.body.dataset.registration !== 'open';

submits('sign-in', (fields) => client.login(fields));
submits('register', async ({ name, email, password }) => {
  await client.register({ name, email, password });
  await client.login({ email, password });
});
submits('password', async ({ current, new: next }) => {
  const ended = await client.changePassword(current, next);
  notice(`The password is changed; ${sessions(ended)} ended.`, true);
  await list();
});
for (const box of document.querySelectorAll('.show')) {
  const form = box.closest('form');
  box.onchange = () => {
    for (const input of form.querySelectorAll('[autocomplete$="-password"]')) input.type = box.checked ? 'text' : 'password';
  };
  form.addEventListener('reset', () => setTimeout(box.onchange));
}
presses($('sign-out'), () => client.logout());
presses($('end-others'), async () => {
  const ended = await client.endOtherSessions();
  notice(`${ended ? sessions(ended) : 'No other session'} ended.`, true);
  await list();
});

setInterval(() => document.hidden || tick(), 1000);
document.addEventListener('visibilitychange', () => document.hidden || tick());
start();

/** Finds out whether somebody is signed in; `onChange` is told. */
async function start() {
  try {
    await client.token();
  } catch (error) {
    notice(told(error));
    setTimeout(start, 5000);
  }
}

async function show(signedIn) {
  $('signed-out').hidden = signedIn;
  $('signed-in').hidden = $('who').hidden = !signedIn;
  for (const form of document.forms) form.reset();
  shown = { token: null, since: 0, life: 1 };
  isLoaded = false;
  if (!signedIn) return choose('sign-in');
  $('renewals').replaceChildren();
  $('access-title').focus();
  await tick();
}

async function load() {
  const user = await client.user();
  if (!user) return;
  $('name').textContent = user.name;
  $('email').textContent = $('password').elements.username.value = user.email;
  await list();
  isLoaded = true;
}

function choose(form) {
  for (const id of ['sign-in', 'register']) $(id).parentElement.hidden = id !== form;
  $(`${form}-title`).focus();
}

/** The token of this moment, and its renewal when it is due. */
async function tick() {
  if ($('signed-in').hidden) return;
  try {
    const token = await client.token();
    if (isAway) notice('');
    isAway = false;
    if (!token) return;
    if (token !== shown.token) draw(token);
    if (!isLoaded) await load();
    const left = Math.max(0, shown.life - (Date.now() - shown.since) / 1000);
    $('life').value = left / shown.life;
    $('left').textContent = `${Math.floor(left / 60)}:${String(Math.floor(left % 60)).padStart(2, '0')}`;
  } catch (error) {
    isAway = true;
    notice(told(error));
  }
}

function draw(token) {
  const [header, claims, signature] = token.split('.');
  const read = decoded(claims);
  const renewed = shown.token !== null;
  shown = { token, since: Date.now(), life: read.exp - read.iat };
  for (const [part, text] of Object.entries({ header, claims, signature: `${signature.slice(0, 6)}…` })) {
    $('token').querySelector(`.${part}`).textContent = text;
  }
  members($('token-header'), decoded(header));
  members($('token-claims'), read);
  const line = document.createElement('li');
  line.textContent = `${time(Date.now())} ${renewed ? 'renewed' : 'received'}, good for ${shown.life} s`;
  $('renewals').prepend(line);
  if ($('renewals').children.length > 50) $('renewals').lastChild.remove();
}

function decoded(part) {
  const bytes = Uint8Array.from(atob(part.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

const TIMES = ['exp', 'iat', 'auth_time'];

function members(list, object) {
  list.replaceChildren(...Object.entries(object).flatMap(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return [element('dt', name), element('dd', TIMES.includes(name) ? `${text} (${time(value * 1000)})` : text)];
  }));
}

async function list() {
  const all = await client.sessions();
  $('sessions').replaceChildren(...all.map(row));
  $('end-others').disabled = all.length < 2;
  const current = all.find((session) => session.current);
  if (current) {
    members($('session'), {
      session: current.id,
      opened: time(current.created_at),
      renewed: time(current.renewed_at),
      'ends unless renewed': time(current.idle_expires_at),
      'ends in any case': time(current.expires_at),
    });
  }
}

function row(session) {
  const line = element('li');
  const what = element('span');
  what.className = 'what';
  what.append(element('strong', session.label ?? 'An unknown device'));
  what.append(element('small', `${session.ip ?? ''} · last used ${time(session.renewed_at)} · since ${time(session.created_at)}`));
  line.append(what);
  if (session.current) {
    const here = element('span', 'this one');
    here.className = 'here';
    line.append(here);
    return line;
  }
  const end = element('button', 'End');
  end.type = 'button';
  end.className = 'quiet';
  end.setAttribute('aria-label', `End the session on ${session.label ?? 'an unknown device'}`);
  presses(end, async () => {
    await client.endSession(session.id);
    await list();
    $('sessions-title').focus();
  });
  line.append(end);
  return line;
}

/** A form does this with its fields; what goes wrong is told beside it. */
function submits(id, act) {
  const form = $(id);
  form.onsubmit = async (event) => {
    event.preventDefault();
    const error = form.querySelector('.error');
    const button = form.querySelector('button');
    const inputs = [...form.querySelectorAll('input')];
    error.hidden = true;
    for (const input of inputs) input.removeAttribute('aria-invalid');
    button.disabled = true;
    try {
      await act(Object.fromEntries(new FormData(form)));
      form.reset();
    } catch (problem) {
      error.textContent = told(problem);
      error.hidden = false;
      const wrong = (problem.errors ?? []).map(({ field }) => inputs.find((input) => input.name === field));
      for (const input of wrong) input?.setAttribute('aria-invalid', 'true');
      (wrong.find(Boolean) ?? inputs.find((input) => !input.hidden)).focus();
    } finally {
      button.disabled = false;
    }
  };
}

function presses(button, act) {
  button.onclick = async () => {
    button.disabled = true;
    notice('');
    try {
      await act();
    } catch (error) {
      notice(told(error));
    } finally {
      button.disabled = button.id === 'end-others' && $('sessions').children.length < 2;
    }
  };
}

function notice(text, good = false) {
  // Nobody is to hear the same every second.
  if ($('notice').textContent === text) return;
  $('notice').textContent = text;
  $('notice').hidden = !text;
  $('notice').className = good ? 'good' : '';
}

/** An error, for people. */
function told(error) {
  if (error.errors?.length) return error.errors.map(({ field, detail }) => `${field} ${detail}`).join('; ');
  if (error.code === 'invalid_credentials') return 'E-mail or password is wrong.';
  return error.status ? error.message : 'The service does not answer; check your connection.';
}

function element(name, text = '') {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function sessions(count) {
  return count === 1 ? 'one session' : `${count} sessions`;
}

function time(at) {
  return new Date(at).toLocaleString([], { dateStyle: 'medium', timeStyle: 'medium' });
}
