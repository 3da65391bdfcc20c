import { signedInUser } from '../session';
import { Greeting } from './greeting';

export default async function Page() {
  const id = await signedInUser();
  return (
    <>
      <p>{id ? `Rendered for ${id}.` : 'Rendered for nobody in particular.'}</p>
      <Greeting />
    </>
  );
}
