package org.ltrplugin.engine;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** The value can be null. Both search engines have such an annotation, in different packages. */
@Retention(RetentionPolicy.SOURCE)
@interface Nullable {}
