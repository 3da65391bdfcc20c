import { $, client, failed, lang, presses, say, step, submits, t } from './shared.js';
import { asks, look, onward, signIn, token, used } from './flow.js';

// Also when another tab signs in.
client.onChange(({ signedIn, reason }) => {
  if (reason) tell(reason);
  else if (signedIn && !token) onward();
});
submits('sign-in', signIn);
submits('send-code', ({ email }) => sendCode(email));
if ($('to-code')) {
  presses($('to-code'), async () => {
    const { email } = $('sign-in').elements;
    if (email.value) return sendCode(email.value);
    step('step-ask');
  });
}
const reason = new URLSearchParams(location.search).get('reason');
if (reason) tell(reason);
if (token) look(['sign_in'], open);
else start();

/** Says why a session ended. */
async function tell(reason) {
  const words = new Map(Object.entries(await (await fetch(`/hosted/reasons-${lang}.json`)).json()));
  const isGood = ['logout', 'account_deleted', 'password_changed', 'ready'].includes(reason);
  say($('step-password'), words.get(reason === 'reuse' ? 'refresh_reused' : reason) ?? words.get('other'), isGood);
}

async function start() {
  try {
    if (!(await client.token())) step('step-password');
  } catch (error) {
    failed(error, start);
  }
}

async function sendCode(email) {
  const send = () => asks((returnTo) => client.sendLoginCode(email, { returnTo }));
  await send();
  const { askForCode } = await import('./code.js');
  askForCode(t('au_code_sent', { email }), async ({ code }) => {
    await client.loginWithCode({ code });
    return onward();
  }, send);
}

/** A mailed link signs in here, or shows the code for the browser that asked for it. */
function open() {
  submits('link', async () => {
    try {
      await client.loginWithCode({ token });
    } catch (error) {
      if (error.status !== 404) throw error;
      used();
      return step('step-invalid');
    }
    return onward();
  });
}
