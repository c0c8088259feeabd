import { generateText, streamText } from "ai";

// It would print its warnings by itself. They come with the answers too, and are told from there.
(globalThis as { AI_SDK_LOG_WARNINGS?: boolean }).AI_SDK_LOG_WARNINGS = false;

export { generateText, streamText };
