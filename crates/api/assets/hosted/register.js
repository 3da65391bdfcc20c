import { $, client, element, path, step, submits, t } from './shared.js';
import { asks, signIn } from './flow.js';

submits('register', async (account) => {
  $('taken').textContent = '';
  try {
    await asks((returnTo) => client.register({ ...account, return_to: returnTo }));
    const { email, password } = account;
    if ($('register').dataset.verification === 'required') return (await import('./code.js')).confirmAddress({ email, password });
    return await signIn({ email, password });
  } catch (error) {
    // Discreet registration does not say that an address is taken, but its password differs.
    if (!['email_taken', 'invalid_credentials'].includes(error.code)) throw error;
    const link = element('a', t('rg_taken_link'));
    link.href = path('/sign-in');
    $('taken').append(t('rg_taken'), ' ', link);
  }
});
step('step-register');
