using Merpati.Accounts;
using Microsoft.Extensions.Logging;

namespace Merpati.UserDirectory;

/// <summary>
/// Changes of the directory, one after the other: what a change checked (no circle of aliases, the domain is there) is still so when it is written,
/// and whoever remembers what was is told before the caller is.
/// </summary>
internal sealed class DirectoryChanges(IDirectoryChangeFeed feed, ILogger<DirectoryChanges> logger) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);

    /// <param name="name">The change in words, for the log.</param>
    /// <param name="subject">The domain or address; never a secret.</param>
    public async ValueTask<DirectoryOutcome> ApplyAsync(string name, string subject, Func<ValueTask<DirectoryOutcome>> change, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var outcome = await change();
            logger.Changed(name, subject, outcome);
            return outcome;
        }
        finally
        {
            // Also when it failed: it may have got half way.
            feed.Announce();
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();
}
