import { $, client, submits } from './shared.js';
import { look, signInWith, token, used } from './flow.js';

look(['invitation'], ({ email, name = '' }) => {
  const { elements } = $('invitation');
  elements.email.value = email;
  elements.name.value = name;
  submits('invitation', async ({ name, password }) => {
    await client.acceptInvitation({ token, name, password });
    used();
    return signInWith({ email, password }, 'ready');
  });
});
