/** Codes that were mailed. */

import { $, client, presses, say, step, submits, t } from './shared.js';
import { signIn } from './flow.js';

/** A button that has a mail sent again, at most every half minute. */
export function sendsAgain(act, isFirst) {
  const button = $('code-again');
  const section = $('step-code');
  const label = (button.dataset.label ??= button.textContent);
  function rest() {
    let left = 30;
    clearInterval(button.timer);
    const tick = () => {
      button.disabled = left > 0;
      button.textContent = left > 0 ? `${label} (${left})` : label;
      if (left-- <= 0) clearInterval(button.timer);
    };
    button.timer = setInterval(tick, 1000);
    tick();
  }
  presses(button, async () => {
    await act();
    say(section, t('au_sent'), true);
    setTimeout(rest);
  });
  if (!isFirst) rest();
}

/** Asks for the code of a mail that was sent, and calls `act` with it. */
export function askForCode(words, act, again) {
  $('code-sent').textContent = words;
  submits('code', act);
  sendsAgain(again);
  step('step-code');
}

/** Asks for the code of the mail that confirms the address, then signs in. */
export function confirmAddress(credentials) {
  const { email } = credentials;
  // A sign-in that is refused sends the mail.
  const again = () => signIn(credentials);
  askForCode(t('au_confirm_sent', { email }), async ({ code }) => {
    await client.verifyEmail({ email, code });
    return again();
  }, again);
  $('code-followed').hidden = false;
  presses($('code-followed'), async () => {
    // Only returns if the address is not confirmed.
    await again();
    say($('step-code'), t('au_not_yet'));
  });
}
