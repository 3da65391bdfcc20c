import { $, client, element, failed, lang, path, presses, say, step, submits, t } from './shared.js';
import { ago } from './time.js';

/** The language that is stored. */
let language;

client.onChange(({ signedIn, reason }) => {
  if (!signedIn) location.replace(path(`/sign-in${reason ? `?reason=${reason}` : ''}`));
  // Somebody else has signed in, in another tab.
  else if (!$('step-account').hidden) location.reload();
});
start();

async function start() {
  try {
    const user = await client.user();
    if (!user) return;
    show(user);
    await listSessions();
    $('sign-out').hidden = false;
    step('step-account');
  } catch (error) {
    failed(error, start);
  }
}

function show({ name, email, email_verified: isVerified, pending_email: pending, locale }) {
  $('profile').elements.name.value = name;
  $('locale').value = language = locale ?? lang;
  $('email').textContent = email;
  for (const form of ['password', 'delete']) $(form).elements.username.value = email;
  if (!$('confirm')) return;
  const isFine = isVerified || $('confirm').dataset.verification === 'off';
  $('confirmed').hidden = !isVerified;
  $('unconfirmed').hidden = $('send').hidden = isFine;
  $('confirm').hidden = isFine && !pending;
  $('code').hidden = !pending;
  if (pending) asksForCode('ac_pending', pending);
}

function asksForCode(key, email) {
  $('code-sent').textContent = t(key, { email });
  $('send').textContent = t('ac_again');
  $('code').hidden = false;
}

/** Says something in the section of a form that is done. */
function done(form, words) {
  form.reset();
  const details = form.closest('details');
  if (details) details.open = false;
  say(form.closest('section'), words, true);
}

submits('profile', async ({ name, locale }) => {
  const isOther = locale !== language;
  await client.updateProfile(isOther ? { name, locale } : { name });
  if (isOther) location.search = `lang=${locale}`;
  show(await client.user());
  say($('profile'), t('ac_saved'), true);
});

submits('email-change', async (fields) => {
  const { pending_email: pending } = await client.updateProfile(fields);
  show(await client.user());
  done($('email-change'), pending ? '' : t('ac_saved'));
  if (pending) $('code-code').focus();
});

submits('code', async ({ code }) => {
  await client.verifyEmail({ code });
  show(await client.user());
  done($('code'), t('ac_email_confirmed'));
});

if ($('send')) {
  presses($('send'), async () => {
    await client.sendVerification();
    if ($('code').hidden) asksForCode('ac_sent', $('email').textContent);
    else say($('confirm'), t('ac_sent_again'), true);
    $('code-code').focus();
  });
}

submits('password', async ({ current, new: next }) => {
  const ended = await client.changePassword(current, next);
  await listSessions();
  done($('password'), `${t('ac_password_saved')} ${places(ended)}`);
});

presses($('sign-out'), () => client.logout());
presses($('end-others'), async () => {
  const ended = await client.revokeOtherSessions();
  await listSessions();
  say($('sessions').parentElement, places(ended), true);
  $('sessions-title').focus();
});

const places = (n) => (n ? t(`ac_ended_${new Intl.PluralRules(lang).select(n)}`, { n }) : '');

async function listSessions() {
  const all = await client.sessions();
  $('sessions').replaceChildren(...all.map(row));
  $('end-others').hidden = all.length < 2;
}

function row({ id, current, label, ip = '', renewed_at: at }) {
  const device = label?.replace(' on ', ` ${t('ac_on')} `) ?? t('ac_unknown');
  const what = element('div', device);
  what.append(element('small', `${ip} · ${t('ac_used', { when: ago(at) })}`));
  const line = element('li');
  line.append(what);
  if (current) {
    line.append(element('span', t('ac_here'), 'tag'));
    return line;
  }
  const end = element('button', t('ac_end'));
  end.setAttribute('aria-label', `${t('ac_end')}: ${device}`);
  line.append(end);
  presses(end, async () => {
    await client.revokeSession(id);
    await listSessions();
    $('sessions-title').focus();
  });
  return line;
}

$('to-delete').onclick = () => $('delete-dialog').showModal();
$('keep').onclick = () => $('delete-dialog').close();
$('delete-dialog').onclose = () => $('delete').reset();
submits('delete', ({ password }) => client.deleteAccount(password));

// Loaded when it comes into view: it is far down, and rarely read.
presses($('show-events'), async () => (await import('./activity.js')).start());
new IntersectionObserver(([{ isIntersecting }], observer) => {
  if (!isIntersecting) return;
  observer.disconnect();
  $('show-events').click();
}).observe($('show-events'));
