// A code as a picture, in whole pixels: they keep every module the same width.
import { useMemo } from 'preact/hooks';
import { drawQr } from './qr-picture.ts';
import { phone as words } from './strings.ts';

export function CodePicture({ code, modulePx }: { readonly code: string; readonly modulePx: number }) {
  const picture = useMemo(() => drawQr(code), [code]);
  if (code === '' || !picture) return <span class="code">{code === '' ? words.noCode : words.tooLong}</span>;
  return (
    <span class="code">
      <svg
        viewBox={`0 0 ${picture.side} ${picture.side}`}
        width={picture.side * modulePx}
        height={picture.side * modulePx}
        shape-rendering="crispEdges"
        data-version={picture.version}
        aria-hidden="true"
      >
        <path d={picture.path} />
      </svg>
    </span>
  );
}
