import { createClient } from '/symbolon.js';

const client = createClient();
const $ = (id) => document.getElementById(id);

/** Messages for users whose session was revoked or has expired, by reason. */
const REASONS = {
  logout: 'You have signed out.',
  refresh_reused: 'You were signed out because this session was used from two places. Someone may have copied its cookie. Sign in again, and change your password if this was not you.',
  revoked_by_user: 'You were signed out from another of your devices.',
  revoked_by_operator: 'An administrator signed you out.',
  password_changed: 'Your password was changed. Sign in with the new password.',
  user_disabled: 'Your account was disabled or deleted.',
  forced_renewal: 'An application replaced this session with a new one, so you were signed out here.',
  session_limit: 'You signed in on too many devices. This session was the oldest, so you were signed out here.',
  idle: 'You were signed out because you were inactive for too long.',
  refresh_missing: 'You were signed out because you were inactive for too long, or because the cookies of this site were deleted.',
  session_unknown: 'Your session has expired. Sign in again.',
  absolute: 'Your session reached its maximum length. Sign in again.',
};
REASONS.reuse = REASONS.refresh_reused;

/** The access token on display; the page is updated only when it changes. */
let shown = { token: null, since: 0, life: 1 };
/** Whether the last request to the service failed. */
let isAway = false;
/** Whether the user and the sessions on display are loaded. */
let isLoaded = false;

client.onChange(({ signedIn, reason }) => {
  notice(signedIn || !reason ? '' : REASONS[reason] ?? 'You were signed out. Sign in again.', reason === 'logout');
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
  const revoked = await client.changePassword(current, next);
  notice(`Your password was changed.${revoked ? ` You were signed out of ${sessions(revoked)}.` : ''}`, true);
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
  const revoked = await client.revokeOtherSessions();
  notice(revoked ? `You were signed out of ${sessions(revoked)}.` : 'You were not signed in anywhere else.', true);
  await list();
});

setInterval(() => document.hidden || tick(), 1000);
document.addEventListener('visibilitychange', () => document.hidden || tick());
start();

/** Determines whether a user is signed in; `onChange` reports the result. */
async function start() {
  try {
    await client.token();
  } catch (error) {
    notice(message(error));
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

/** Shows the current token, and renews it when it is about to expire. */
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
    notice(message(error));
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
  line.textContent = `${time(Date.now())} ${renewed ? 'renewed' : 'received'}, valid for ${shown.life} s`;
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
      'signed in': time(current.created_at),
      'last renewed': time(current.renewed_at),
      'expires if not renewed': time(current.idle_expires_at),
      'expires at the latest': time(current.expires_at),
    });
  }
}

function row(session) {
  const line = element('li');
  const what = element('span');
  what.className = 'what';
  what.append(element('strong', session.label ?? 'Unknown device'));
  what.append(element('small', `${session.ip ?? ''} · last used ${time(session.renewed_at)} · signed in ${time(session.created_at)}`));
  line.append(what);
  if (session.current) {
    const here = element('span', 'this session');
    here.className = 'here';
    line.append(here);
    return line;
  }
  const end = element('button', 'Sign out');
  end.type = 'button';
  end.className = 'quiet';
  end.setAttribute('aria-label', `Sign out ${session.label ?? 'unknown device'}`);
  presses(end, async () => {
    await client.revokeSession(session.id);
    await list();
    $('sessions-title').focus();
  });
  line.append(end);
  return line;
}

/** Calls `act` with the fields when the form is submitted, and shows errors in the form. */
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
      error.textContent = message(problem, inputs);
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
      notice(message(error));
    } finally {
      button.disabled = button.id === 'end-others' && $('sessions').children.length < 2;
    }
  };
}

function notice(text, good = false) {
  // Screen readers announce every change: do not repeat the same text every second.
  if ($('notice').textContent === text) return;
  $('notice').textContent = text;
  $('notice').hidden = !text;
  $('notice').className = good ? 'good' : '';
}

/** Messages for users, by error code. */
const PROBLEMS = {
  invalid_credentials: 'The email address or password is wrong.',
  email_taken: 'An account with this email address already exists. Sign in instead.',
  registration_closed: 'Registration is closed.',
  busy: 'Too many people are signing in right now. Try again in a few seconds.',
  unavailable: 'The service is unavailable at the moment. Try again in a few seconds.',
};

/** The message to show for an error; names invalid fields as the labels of `inputs` do. */
function message(error, inputs = []) {
  const label = (field) => inputs.find((input) => input.name === field)?.labels[0].textContent ?? field;
  if (error.errors?.length) return error.errors.map(({ field, detail }) => `${label(field)} ${detail}.`).join(' ');
  if (error.status) return PROBLEMS[error.code] ?? error.message;
  return 'The service is not responding. Check your connection and try again.';
}

function element(name, text = '') {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function sessions(count) {
  return count === 1 ? 'one other session' : `${count} other sessions`;
}

function time(at) {
  return new Date(at).toLocaleString([], { dateStyle: 'medium', timeStyle: 'medium' });
}
