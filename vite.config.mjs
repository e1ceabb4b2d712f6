// Bundles the street page: one HTML file with its script and style, no external assets.
import { defineConfig } from 'vite';

export default defineConfig({
  root: 'simulators/street/web',
  base: './',
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  build: { outDir: '../../../dist/simulators/street/web', emptyOutDir: true, target: 'es2022' },
});
