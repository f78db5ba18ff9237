/** What a reader is told: any of these, in place of what the script says in the reader's language. */
export interface QuorumTexts {
  report?: string;
  reported?: string;
  why?: string;
  send?: string;
  cancel?: string;
  again?: string;
  offline?: string;
  withdraw?: string;
  withdrawn?: string;
  /** `{when}` stands for "in 30 seconds", in the language of the button. */
  wait?: string;
  signIn?: string;
  failed?: string;
  blocked?: string;
  held?: string;
  show?: string;
  kept?: string;
  /** In place of the thanks that the server sends. */
  thanks?: string;
  /** Labels by the names of reasons, in place of those that the server sends. */
  reasons?: Record<string, string>;
}

/**
 * `<quorum-report image="img-1">`. Attributes: `image` (required), `endpoint`, `token-url`, `lang`, `texts` (JSON of
 * QuorumTexts), `hide="off"`.
 */
export class QuorumReport extends HTMLElement {
  /** What is hidden while the picture is blocked or held; without it the element before this one, if it has an `img`. */
  picture?: HTMLElement | null;
}

declare global {
  interface HTMLElementTagNameMap {
    "quorum-report": QuorumReport;
  }
}
