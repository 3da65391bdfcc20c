import { $, client, failed, step, submits } from './shared.js';
import { sendsAgain } from './code.js';
import { look, show, token, used } from './flow.js';

if (token) look(['verify_email', 'change_email'], open);
else start();

function open() {
  submits('verify', async () => {
    await client.verifyEmail({ token });
    used();
    step('step-done');
  });
}

/** Without a link, for somebody who is signed in and has the code. */
async function start() {
  try {
    const user = await client.user();
    if (!user) return location.replace('/sign-in?return_to=/verify-email');
    show(user.pending_email ?? user.email);
    if (user.email_verified && !user.pending_email) return step('step-done');
    submits('code', async ({ code }) => {
      await client.verifyEmail({ code });
      step('step-done');
    });
    // For a new address, the change itself sends the mail.
    $('code-again').hidden = user.email_verified;
    sendsAgain(() => client.sendVerification(), true);
    step('step-code');
  } catch (error) {
    failed(error, start);
  }
}
