const symbolon = document.querySelector('meta[name="symbolon"]').content;
const { createClient } = await import(`${symbolon}/symbolon.js`);

// The access token goes to Symbolon and to this page's server, and to no other origin.
const client = createClient({ baseUrl: symbolon, origins: [location.origin] });
const $ = (id) => document.getElementById(id);

client.onChange(({ signedIn, reason }) => {
  $('message').textContent = reason ? `You are signed out (${reason}).` : '';
  show(signedIn).catch(tell);
});

async function show(signedIn) {
  $('sign-in').hidden = signedIn;
  $('signed-in').hidden = !signedIn;
  if (!signedIn) return;
  $('name').textContent = (await client.user())?.name;
  const notes = await (await client.fetch('/notes')).json();
  $('notes').replaceChildren(...notes.map((note) => Object.assign(document.createElement('li'), { textContent: note })));
}

function submits(form, act) {
  form.onsubmit = async (event) => {
    event.preventDefault();
    try {
      await act(Object.fromEntries(new FormData(form)));
      form.reset();
    } catch (error) {
      tell(error);
    }
  };
}

submits($('sign-in'), (credentials) => client.login(credentials));
submits($('add'), async ({ note }) => {
  await client.fetch('/notes', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(note) });
  await show(true);
});
$('sign-out').onclick = () => client.logout().catch(tell);

function tell(error) {
  $('message').textContent = error.message;
}

// Determines whether a user is signed in.
client.token().catch(tell);
