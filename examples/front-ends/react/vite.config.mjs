import { defineConfig } from 'vite';
import { beside } from '../vite.mjs';

export default defineConfig({ server: beside, preview: beside, esbuild: { jsx: 'automatic' } });
