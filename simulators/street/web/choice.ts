// What the phone can show: the passenger's ride code, a visitor's code, or its own camera.
import type { OfferKind } from '../museum-world.ts';

export type Choice = 'ride' | OfferKind | 'camera';
