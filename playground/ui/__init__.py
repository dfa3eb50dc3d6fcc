"""The window: document, actions, diagram, inspector, stage, prompt, transport and timeline."""
