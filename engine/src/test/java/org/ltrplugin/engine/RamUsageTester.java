package org.ltrplugin.engine;

import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.apache.lucene.util.RamUsageEstimator;

/** The bytes of an object and of all objects that it alone refers to, found by following its fields. */
final class RamUsageTester {
    private RamUsageTester() {}

    /** Enums and strings are shared with others and count nothing. */
    static long of(Object start) {
        Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        ArrayDeque<Object> open = new ArrayDeque<>();
        open.push(start);
        long bytes = 0;
        while (open.isEmpty() == false) {
            Object object = open.pop();
            if (object instanceof Enum || object instanceof String || seen.add(object) == false) {
                continue;
            }
            bytes += RamUsageEstimator.shallowSizeOf(object);
            if (object.getClass().isArray()) {
                if (object.getClass().getComponentType().isPrimitive() == false) {
                    for (int i = 0; i < Array.getLength(object); i++) {
                        push(Array.get(object, i), open);
                    }
                }
            } else {
                for (Field field : object.getClass().getDeclaredFields()) {
                    if (Modifier.isStatic(field.getModifiers()) == false
                            && field.getType().isPrimitive() == false) {
                        push(value(field, object), open);
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

    private static void push(Object object, ArrayDeque<Object> open) {
        if (object != null) {
            open.push(object);
        }
    }
}
