/** Language models and tokenizers from files, and back. @module */
export { readTokenizer } from "./hugging-face-tokenizer.ts";
export { type LanguageModel, readLanguageModel, writeLanguageModel } from "./model-folder.ts";
export { type AdapterSettings, readAdapter, writeAdapter } from "./peft.ts";
export { byteTokenizer, byteTokenizerJson, type Tokenizer } from "./tokenizer.ts";
