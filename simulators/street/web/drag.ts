// Carries an element by mouse, pen or finger and tells where it was let go. A press that hardly moved
// is left to be an ordinary click, so that keyboard and touch tap share one way.
import type { TargetedPointerEvent } from 'preact';
import { useRef, useState } from 'preact/hooks';

export interface Offset {
  readonly x: number;
  readonly y: number;
}

export interface Drag {
  readonly offset: Offset | null;
  /** True for the click that a browser sends after a drag ended. */
  swallowsClick(): boolean;
  readonly handlers: {
    onPointerDown(event: TargetedPointerEvent<HTMLElement>): void;
    onPointerMove(event: TargetedPointerEvent<HTMLElement>): void;
    onPointerUp(event: TargetedPointerEvent<HTMLElement>): void;
    onPointerCancel(): void;
  };
}

const TAP_SLOP_PX = 8;

export function useDrag(onDrop: (element: HTMLElement) => void): Drag {
  const [offset, setOffset] = useState<Offset | null>(null);
  const from = useRef<Offset | null>(null);
  const moved = useRef(false);

  return {
    offset,
    swallowsClick: () => moved.current,
    handlers: {
      onPointerDown(event) {
        if (event.button !== 0 || !event.isPrimary) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { x: event.clientX, y: event.clientY };
        moved.current = false;
      },
      onPointerMove(event) {
        if (!from.current) return;
        const next = { x: event.clientX - from.current.x, y: event.clientY - from.current.y };
        moved.current ||= Math.hypot(next.x, next.y) > TAP_SLOP_PX;
        if (moved.current) setOffset(next);
      },
      onPointerUp(event) {
        const dropped = from.current !== null && moved.current;
        from.current = null;
        if (dropped) onDrop(event.currentTarget);
        setOffset(null);
      },
      onPointerCancel() {
        from.current = null;
        setOffset(null);
      },
    },
  };
}

/** How much of the smaller box the other covers; 0 where that is not a good part of it. */
export function covers(left: DOMRect, right: DOMRect): number {
  const width = Math.min(left.right, right.right) - Math.max(left.left, right.left);
  const height = Math.min(left.bottom, right.bottom) - Math.max(left.top, right.top);
  if (width <= 0 || height <= 0) return 0;
  const part = (width * height) / Math.min(left.width * left.height, right.width * right.height);
  return part >= 0.2 ? part : 0;
}
