import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", "node_modules/"] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ["eslint.config.js"] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      // Numbers in sentences are meant.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      // Pages are built from nodes: none of these would pass the content security policy.
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Build nodes." },
        { property: "outerHTML", message: "Build nodes." },
        { property: "insertAdjacentHTML", message: "Build nodes." },
      ],
    },
  },
  // A test may read markup back, and knows what its own examples hold.
  {
    files: ["src/**/*.test.ts"],
    rules: { "no-restricted-properties": "off", "@typescript-eslint/no-non-null-assertion": "off" },
  },
  { files: ["*.js"], ...tseslint.configs.disableTypeChecked },
);
