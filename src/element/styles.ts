/** Looks of the element. Sites change them by custom properties (`--m3-…`) and by parts. */
import { css } from "lit";

export const styles = css`
  :host {
    --m3-accent: light-dark(#2f5bd8, #8fb0ff);
    --m3-surface: light-dark(#ffffff, #1c1e24);
    --m3-text: light-dark(#1b1d22, #eceef3);
    --m3-muted: light-dark(#5d6370, #a3a9b8);
    --m3-line: light-dark(#cfd4de, #3a3f4b);
    --m3-hover: light-dark(#eef2fd, #272c3a);
    --m3-mark: light-dark(#fff0a8, #5c5014);
    --m3-radius: 0.625rem;
    --m3-height: 60vh;
    color-scheme: light dark;
    color: var(--m3-text);
    display: block;
    font: inherit;
    position: relative;
  }
  :host([hidden]) {
    display: none;
  }
  .box {
    align-items: center;
    background: var(--m3-surface);
    border: 1px solid var(--m3-line);
    border-radius: var(--m3-radius);
    display: flex;
    gap: 0.5rem;
    padding-inline: 0.75rem;
  }
  .box:focus-within {
    border-color: var(--m3-accent);
    outline: 2px solid var(--m3-accent);
    outline-offset: 1px;
  }
  input {
    background: none;
    border: 0;
    color: inherit;
    flex: 1;
    font: inherit;
    line-height: 1.5;
    min-inline-size: 0;
    outline: 0;
    padding-block: 0.625rem;
  }
  input::-webkit-search-cancel-button {
    display: none;
  }
  input::placeholder {
    color: var(--m3-muted);
    opacity: 1;
  }
  kbd {
    border: 1px solid var(--m3-line);
    border-radius: 0.25rem;
    color: var(--m3-muted);
    font: inherit;
    font-size: 0.75em;
    padding: 0 0.375rem;
  }
  button {
    background: none;
    border: 1px solid var(--m3-line);
    border-radius: calc(var(--m3-radius) / 2);
    color: var(--m3-accent);
    cursor: pointer;
    font: inherit;
    font-size: 0.875em;
    padding: 0.25rem 0.625rem;
  }
  button:focus-visible {
    outline: 2px solid var(--m3-accent);
    outline-offset: 1px;
  }
  button.clear {
    border: 0;
    color: var(--m3-muted);
    padding: 0.25rem;
  }
  .panel {
    background: var(--m3-surface);
    border: 1px solid var(--m3-line);
    border-radius: var(--m3-radius);
    box-shadow: 0 0.5rem 1.5rem rgb(0 0 0 / 18%);
    display: flex;
    flex-direction: column;
    inset-inline: 0;
    margin-block-start: 0.375rem;
    max-block-size: var(--m3-height);
    overflow: hidden;
    position: absolute;
    z-index: 10;
  }
  .panel[hidden] {
    display: none;
  }
  /* What scrolls is the listbox, which the keys of the box move through; notes below it stay in sight. */
  [role="listbox"] {
    min-block-size: 0;
    overflow: auto;
    overscroll-behavior: contain;
  }
  [role="option"] {
    border-block-end: 1px solid var(--m3-line);
    color: inherit;
    display: block;
    padding: 0.625rem 0.875rem;
    text-align: start;
    text-decoration: none;
    unicode-bidi: isolate;
  }
  [role="option"]:hover,
  [role="option"][aria-selected="true"] {
    background: var(--m3-hover);
  }
  [role="option"][aria-selected="true"] {
    box-shadow: inset 3px 0 var(--m3-accent);
  }
  .title,
  .snippet {
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    display: -webkit-box;
    overflow: hidden;
    overflow-wrap: anywhere;
  }
  .title {
    color: var(--m3-accent);
    font-weight: 600;
  }
  .snippet {
    color: var(--m3-muted);
    font-size: 0.9em;
  }
  mark {
    background: var(--m3-mark);
    border-radius: 0.125rem;
    color: var(--m3-text);
  }
  .note {
    align-items: center;
    color: var(--m3-muted);
    display: flex;
    flex-wrap: wrap;
    font-size: 0.875em;
    gap: 0.5rem;
    justify-content: space-between;
    padding: 0.5rem 0.875rem;
  }
  .status {
    block-size: 1px;
    clip-path: inset(50%);
    inline-size: 1px;
    overflow: hidden;
    position: absolute;
    white-space: nowrap;
  }
  .busy {
    animation: turn 0.8s linear infinite;
    block-size: 1em;
    border: 2px solid var(--m3-line);
    border-block-start-color: var(--m3-accent);
    border-radius: 50%;
    inline-size: 1em;
  }
  @keyframes turn {
    to {
      rotate: 1turn;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .busy {
      animation: none;
    }
  }
  @media (forced-colors: active) {
    [role="option"][aria-selected="true"] {
      outline: 2px solid Highlight;
      outline-offset: -2px;
    }
  }
`;
