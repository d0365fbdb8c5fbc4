"""The local cloud: adapters that put the EMR engine and the Spark runner under the emulators."""
