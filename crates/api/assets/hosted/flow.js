/** What the pages around a sign-in share: mailed links, codes, and the way back to the application. */

import { client, failed, keepReturnTo, path, returnTo, step } from './shared.js';

const fragment = new URLSearchParams(location.hash.slice(1));
/** The token of the mailed link that was opened. */
export const token = fragment.get('token');
keepReturnTo(fragment.get('return_to'));

let isLeaving = false;

/** Leaves for another page. A button stays busy meanwhile. */
export function leave(to) {
  if (!isLeaving) location.assign(path(to));
  isLeaving = true;
  return new Promise(() => {});
}

/** Returns to the application. The service decides whether that URL may be opened. */
export const onward = () => leave('/continue');

/** Has a mail sent that leads back to the application, if the service allows that. */
export async function asks(call) {
  try {
    await call(returnTo);
  } catch (error) {
    if (error.errors?.[0].field !== 'return_to') throw error;
    console.warn(`return_to ${error.errors[0].detail}`);
    await call();
  }
}

/** Shows whose address this is about. */
export function show(email) {
  for (const place of document.querySelectorAll('.address')) place.textContent = email;
}

/** Looks at the link that was opened, without using it, and calls `act` if it is valid; or shows its code. */
export async function look(kinds, act) {
  try {
    const link = token && (await client.readLink(token));
    if (!kinds.includes(link?.kind)) return step('step-invalid');
    keepReturnTo(link.return_to);
    show(link.email);
    act(link);
    if (!link.code) return step('step-link');
    // This is another browser than the one that asked. The code is for that one.
    document.querySelector('.digits').textContent = link.code.replace(/\d{4}(?=\d)/, '$& ');
    step('step-other');
  } catch (error) {
    if (error.status === 404) return step('step-invalid');
    failed(error, () => location.reload());
  }
}

/** The link was used: a reload must not try it again. */
export const used = () => history.replaceState(null, '', location.pathname + location.search);

/** Signs in and returns to the application. An address that must be confirmed first is asked for a code. */
export async function signIn(credentials) {
  try {
    await client.login(credentials);
  } catch (error) {
    if (error.code !== 'email_unverified') throw error;
    return (await import('./code.js')).confirmAddress(credentials);
  }
  return onward();
}

/** Signs in with a password that was just set. */
export async function signInWith(credentials, reason) {
  try {
    await client.login(credentials);
  } catch {
    return leave(`/sign-in?reason=${reason}`);
  }
  return onward();
}

document.addEventListener('click', (event) => {
  const link = event.target.closest('main a:not([target])');
  if (link?.origin !== location.origin) return;
  link.href = path(link.getAttribute('href'));
  // What was typed here need not be typed there.
  const email = document.querySelector('section:not([hidden]) > form [name=email][required]')?.value;
  if (email) link.hash = new URLSearchParams({ email });
  if (link.pathname !== location.pathname) return;
  event.preventDefault();
  history.replaceState(null, '', link.href);
  location.reload();
});
// A mailed link that is opened in this tab may change the fragment only.
addEventListener('hashchange', () => location.reload());

for (const input of document.querySelectorAll('[name=email][required]')) input.value ||= fragment.get('email') ?? '';
