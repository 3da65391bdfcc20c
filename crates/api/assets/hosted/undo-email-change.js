import { client, step, submits } from './shared.js';
import { look, token, used } from './flow.js';

look(['undo_email_change'], () => {
  submits('undo', async () => {
    await client.undoEmailChange(token);
    used();
    step('step-done');
  });
});
