package main

// usageError is a mistake in how a command was called.
type usageError string

func (e usageError) Error() string { return string(e) }

// ExitCode implements what run asks for.
func (e usageError) ExitCode() int { return 2 }
