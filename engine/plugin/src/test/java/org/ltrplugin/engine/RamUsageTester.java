package org.ltrplugin.engine;

import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.apache.lucene.util.RamUsageEstimator;

/** Measures the heap bytes of an object and of all objects that it refers to, by reflection. */
final class RamUsageTester {
    private RamUsageTester() {}

    /** Enums and strings are shared with other objects and do not count. */
    static long ramUsed(Object start) {
        Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        ArrayDeque<Object> stack = new ArrayDeque<>();
        stack.push(start);
        long bytes = 0;
        while (stack.isEmpty() == false) {
            Object object = stack.pop();
            if (object instanceof Enum || object instanceof String || seen.add(object) == false) {
                continue;
            }
            bytes += RamUsageEstimator.shallowSizeOf(object);
            if (object.getClass().isArray()) {
                if (object.getClass().getComponentType().isPrimitive() == false) {
                    for (int i = 0; i < Array.getLength(object); i++) {
                        push(Array.get(object, i), stack);
                    }
                }
            } else {
                for (Field field : object.getClass().getDeclaredFields()) {
                    if (Modifier.isStatic(field.getModifiers()) == false
                            && field.getType().isPrimitive() == false) {
                        push(value(field, object), stack);
                    }
                }
            }
        }
        return bytes;
    }

    private static Object value(Field field, Object object) {
        try {
            field.setAccessible(true);
            return field.get(object);
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }

    private static void push(Object object, ArrayDeque<Object> stack) {
        if (object != null) {
            stack.push(object);
        }
    }
}
