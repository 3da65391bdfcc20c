/** What all pages share: the client, words, steps and forms. */

import { createClient } from '/symbolon.js';

const { session, publicUrl } = document.body.dataset;

// Without a cookie there is nothing to ask the service.
export const client = createClient({ anonymous: session === 'none' });
export const $ = (id) => document.getElementById(id);
export const lang = document.documentElement.lang;

/* Words. */

const texts = JSON.parse($('texts').textContent);

/** The text of `key`, with its {placeholders} filled in. */
export const t = (key, values) => texts[key]?.replace(/{(\w+)}/g, (_, name) => values[name]);

const relative = new Intl.RelativeTimeFormat(lang, { numeric: 'auto' });
const UNITS = [[86400, 'day'], [3600, 'hour'], [60, 'minute'], [1, 'second']];

/** "in 2 minutes", "3 hours ago". */
export function when(seconds) {
  const [size, unit] = UNITS.find(([size]) => Math.abs(seconds) >= size) ?? UNITS[3];
  return relative.format(seconds > 0 ? Math.ceil(seconds / size) : Math.trunc(seconds / size), unit);
}

export function element(name, words = '', className = '') {
  const made = document.createElement(name);
  made.textContent = words;
  made.className = className;
  return made;
}

/** Says something in the first note of a form or section. */
export function say(place, words, isGood = false) {
  const note = place.querySelector('.note');
  note.setAttribute('role', isGood ? 'status' : 'alert');
  note.classList.toggle('good', isGood);
  note.textContent = words;
}

export function message({ status, code, message, retryAfter = 5 }) {
  if (!status) return t('js_offline');
  return t(`js_problem_${code}`, { when: when(retryAfter) })
    ?? t(`au_problem_${code}`)
    ?? (status < 500 ? message : t('js_problem_internal'));
}

/* Steps: the sections of <main>, of which one is shown. */

const isMoved = publicUrl && new URL(publicUrl).origin !== location.origin;
if (isMoved) {
  $('moved-to').textContent = publicUrl;
  $('moved-to').href = new URL(location.pathname + location.search + location.hash, publicUrl);
}

export function step(id) {
  const shown = $(isMoved ? 'step-moved' : id);
  for (const section of document.querySelectorAll('main > section')) section.hidden = section !== shown;
  delete document.body.dataset.session;
  const fields = [...shown.querySelectorAll(':scope > form input:not([hidden], [readonly])')];
  (fields.find((field) => !field.value) ?? fields[0] ?? shown.querySelector('h1')).focus();
}

/** Says why the page cannot be shown, with a button that calls `again`. */
export function failed(error, again) {
  step('step-failed');
  say($('step-failed'), message(error));
  presses($('failed-again'), again);
  addEventListener('online', again, { once: true });
}

const query = new URLSearchParams(location.search);
export let returnTo = query.get('return_to') ?? undefined;
export function keepReturnTo(url) {
  returnTo ??= url ?? undefined;
}

/** The path of another page, which will know as well where to return. */
export function path(to) {
  const url = new URL(to, location.origin);
  if (returnTo && !url.searchParams.has('return_to')) url.searchParams.set('return_to', returnTo);
  return url.pathname + url.search;
}

for (const link of document.querySelectorAll('#languages a')) {
  link.onclick = () => {
    query.set('lang', link.lang);
    link.href = `?${query}${location.hash}`;
  };
}
addEventListener('pageshow', ({ persisted }) => persisted && location.reload());

/* Forms. */

/** The service's words on a field, by how they begin. */
const DETAILS = Object.entries({
  'must have 8': 'length',
  'is one of': 'common',
  'must not': 'identity',
  'must be an email': 'email',
  'must have 1': 'name',
  'is wrong or': 'code',
  'is wrong': 'wrong',
  'is missing': 'missing',
  'is required': 'missing',
});

function sentence(label, detail) {
  const [, key] = DETAILS.find(([start]) => detail.startsWith(start)) ?? [];
  return key ? t(`js_field_${key}`, { label }) : `${label} ${detail}`;
}

/** Says what is wrong with each field below it, and all else in the note of the form. */
function mark(form, errors) {
  const others = [];
  for (const { field, detail } of errors) {
    const input = form.elements[field];
    if (!input?.required) {
      others.push(sentence(field, detail));
      continue;
    }
    const error = element('p', sentence(input.labels[0].textContent, detail), 'error');
    error.id = `${input.id}-error`;
    (input.closest('.secret') ?? input).after(error);
    input.setAttribute('aria-invalid', true);
    input.dataset.hint ??= input.getAttribute('aria-describedby') ?? '';
    input.setAttribute('aria-describedby', `${error.id} ${input.dataset.hint}`);
  }
  say(form, others.join(' '));
  form.querySelector('[aria-invalid]')?.focus();
}

function unmark(input) {
  if (!input.hasAttribute('aria-invalid')) return;
  $(`${input.id}-error`).remove();
  input.removeAttribute('aria-invalid');
  input.setAttribute('aria-describedby', input.dataset.hint);
}

/** Disables the button while `act` runs, and passes an error to `fail`. */
async function busy(button, act, fail) {
  button.disabled = true;
  button.setAttribute('aria-busy', true);
  let problem;
  try {
    await act();
  } catch (error) {
    problem = error;
  }
  button.disabled = false;
  button.removeAttribute('aria-busy');
  // A disabled button loses the focus.
  if (document.activeElement === document.body) button.focus();
  if (problem) fail(problem);
}

/** Calls `act` with the fields when the form is submitted. */
export function submits(id, act) {
  const form = $(id);
  if (!form) return;
  const inputs = [...form.querySelectorAll('input')];
  const button = form.querySelector('button:not([type])');
  if (!form.querySelector('.note')) (button.closest('.row') ?? button).before(element('p', '', 'note'));
  function clear() {
    inputs.forEach(unmark);
    say(form, '');
  }
  // The browser's messages may be in another language.
  form.noValidate = true;
  form.oninput = ({ target }) => unmark(target);
  form.onreset = clear;
  form.onsubmit = (event) => {
    event.preventDefault();
    if (button.disabled) return;
    clear();
    for (const eye of form.querySelectorAll('[aria-pressed=true]')) eye.click();
    const empty = inputs.filter((input) => input.required && !input.value);
    if (empty.length) return mark(form, empty.map(({ name }) => ({ field: name, detail: 'is missing' })));
    const fields = Object.fromEntries(new FormData(form));
    // People may type spaces.
    if (fields.code) fields.code = fields.code.replace(/\D/g, '');
    busy(button, () => act(fields), (error) => {
      if (error.errors) mark(form, error.errors);
      else say(form, message(error));
    });
  };
}

/** Calls `act` when the button is pressed, and says errors in the note of its section. */
export function presses(button, act) {
  button.onclick = () => {
    const place = button.closest('section') ?? document.querySelector('main > :not([hidden])');
    say(place, '');
    busy(button, act, (error) => say(place, message(error)));
  };
}

for (const input of document.querySelectorAll('[type=password]')) {
  const box = element('span', '', 'secret');
  const eye = element('button', '', 'eye');
  eye.type = 'button';
  eye.setAttribute('aria-label', t('js_show_password'));
  eye.setAttribute('aria-pressed', false);
  eye.onclick = () => {
    const shows = input.type === 'password';
    input.type = shows ? 'text' : 'password';
    eye.setAttribute('aria-pressed', shows);
  };
  input.replaceWith(box);
  box.append(input, eye);
}
