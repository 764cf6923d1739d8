using System.Globalization;
using System.Net;

namespace Merpati.TestKit.Peers;

/// <summary>Debian's greylister for Postfix.</summary>
public static class Postgrey
{
    public static async Task StartAsync(ServerFolder servers, IPEndPoint policy, TimeSpan delay, CancellationToken cancellationToken)
    {
        var database = servers.Shared("postgrey");
        await ServerFolder.CheckedAsync("chown", "nobody:nogroup", database);
        var nobody = await servers.WriteAsync("nobody", "");
        servers.Start("/usr/sbin/postgrey", $"--inet={policy}", string.Create(CultureInfo.InvariantCulture, $"--delay={delay.TotalSeconds}"), $"--dbdir={database}", "--user=nobody", "--group=nogroup", $"--whitelist-clients={nobody}", $"--whitelist-recipients={nobody}");
        await servers.ListeningAsync(policy, cancellationToken);
    }
}
