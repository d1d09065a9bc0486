import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const PLOTLY = createRequire(import.meta.url).resolve('plotly.js-basic-dist-min')

/**
 * Puts plotly beside the chart frame under a fixed name. The frame's policy allows exactly that script, so it
 * must not become a hashed chunk of the app.
 */
function plotlyBesideFrame(): Plugin {
  return {
    name: 'plotly-beside-frame',
    configureServer(server) {
      server.middlewares.use('/frames/plotly.js', (_request, response) => {
        response.setHeader('content-type', 'text/javascript')
        response.end(readFileSync(PLOTLY))
      })
    },
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'frames/plotly.js', source: readFileSync(PLOTLY) })
    },
  }
}

const server = process.env.DARKROOM_URL ?? 'http://127.0.0.1:8080'
// The server takes changes by session cookie from its own pages only, so the host stays the browser's.
const proxy = { target: server, changeOrigin: false }

export default defineConfig({
  plugins: [react(), tailwindcss(), plotlyBesideFrame()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: { proxy: { '/api': proxy, '/signin': proxy, '/docs': proxy, '/openapi.json': proxy } },
  preview: { proxy: { '/api': proxy, '/signin': proxy, '/docs': proxy, '/openapi.json': proxy } },
  build: {
    target: 'es2022',
    sourcemap: false,
    manifest: true,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    assetsInlineLimit: 0, // data: fonts would break font-src 'self'
  },
  test: {
    environment: 'jsdom',
    setupFiles: ['./src/test/setup.ts'],
    css: false,
    testTimeout: 90_000,
    include: ['src/**/*.test.{ts,tsx}'],
  },
})
