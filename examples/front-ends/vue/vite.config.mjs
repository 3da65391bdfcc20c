import { defineConfig } from 'vite';
import vue from '@vitejs/plugin-vue';
import { beside } from '../vite.mjs';

export default defineConfig({ server: beside, preview: beside, plugins: [vue()] });
