package org.ltrplugin.engine;

/** Names one scoring element of one store: a model, or a feature set used as a model. */
record ModelKey(String index, ElementType type, String name) {
    @Override
    public String toString() {
        return type.key + " [" + name + "] in [" + index + "]";
    }
}
