/** What a model is told, in order. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}
