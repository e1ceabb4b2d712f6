// Starts the street page: one feed of snapshots in, acts out.
import { render } from 'preact';
import { App } from './app.tsx';
import { openFeed } from './feed.ts';

const metaOf = (name: string): string => document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? '';

const place = document.getElementById('street');
if (place)
  render(<App token={metaOf('street-token')} openFeed={(show) => openFeed(metaOf('street-start'), show)} />, place);
