using Merpati.Mail.Auth;
using Merpati.Mail.Dns;
using Merpati.Signing;
using Merpati.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.UserDirectory.Signing;

/// <summary>Looks in DNS for the records of announced keys, and lets a key sign whose record is there.</summary>
internal sealed class DkimActivation(IDirectoryStore store, DkimAdministration administration, IMailDns dns, IOptions<UserDirectoryOptions> options, TimeProvider time, ILogger<DkimActivation> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.DkimCheckInterval, time);
        try
        {
            do
            {
                try { await LookAsync(stoppingToken); }
#pragma warning disable CA1031 // Whatever went wrong with the store: the next round tries again.
                catch (Exception e) when (!stoppingToken.IsCancellationRequested) { logger.DkimLookFailed(e); }
#pragma warning restore CA1031
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
    }

    /// <summary>One round over all announced keys.</summary>
    internal async Task LookAsync(CancellationToken cancellationToken)
    {
        foreach (var key in await store.ListDkimKeysAsync(null, cancellationToken))
        {
            if (key.State != DkimKeyState.Announced || !await DkimKeyMaker.IsPublishedAsync(key.Key, dns, cancellationToken)) continue;
            await administration.ActivateAsync(key, cancellationToken);
            logger.DkimKeySigns(DkimKeyMaker.RecordName(key.Key));
        }
    }
}
