import { $, client, step, submits, t } from './shared.js';
import { sendsAgain } from './code.js';
import { asks, signInWith } from './flow.js';

submits('forgot', async ({ email }) => {
  const send = () => asks((returnTo) => client.forgotPassword(email, { returnTo }));
  await send();
  $('code-sent').textContent = t('au_code_sent', { email });
  $('reset').elements.username.value = email;
  submits('reset', async ({ code, new: password }) => {
    await client.resetPassword({ email, code, password });
    return signInWith({ email, password }, 'password_changed');
  });
  sendsAgain(send);
  step('step-code');
});
step('step-ask');
