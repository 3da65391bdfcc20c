import { $, client, submits } from './shared.js';
import { look, signInWith, token, used } from './flow.js';

look(['reset_password', 'set_password'], ({ email }) => {
  $('reset').elements.email.value = email;
  submits('reset', async ({ new: password }) => {
    await client.resetPassword({ token, password });
    used();
    return signInWith({ email, password }, 'password_changed');
  });
});
