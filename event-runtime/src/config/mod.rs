//! Configuration: values with `${env.NAME}`, checked as a whole.
