// The composition of this service in the cluster; see services/Standalone for all of them in one process.
throw new NotSupportedException("The cluster host is not composed yet.");
