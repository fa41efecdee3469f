package org.ltrplugin.engine;

/** Names one element of one store. */
record ElementKey(String index, ElementType type, String name) {
    String documentId() {
        return type.key + "-" + name;
    }

    @Override
    public String toString() {
        return type.key + " [" + name + "] in [" + index + "]";
    }
}
