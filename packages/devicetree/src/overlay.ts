export { type AppliedOverlay, applyOverlay } from './overlay/apply.js';
