import type { ReactNode } from 'react';
import { signedInUser } from '../session';
import { Session } from './session';

export const metadata = { title: 'Symbolon with Next', icons: 'data:,' };

export default async function Layout({ children }: { children: ReactNode }) {
  const anonymous = (await signedInUser()) === null;
  return (
    <html lang="en">
      <body><Session anonymous={anonymous}>{children}</Session></body>
    </html>
  );
}
