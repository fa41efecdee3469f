package org.ltrplugin.engine;

/** Identifies an element: the index of its store, its type and its name. */
record ElementKey(String index, ElementType type, String name) {
    String documentId() {
        return type.key + "-" + name;
    }

    @Override
    public String toString() {
        return type.key + " [" + name + "] in [" + index + "]";
    }
}
