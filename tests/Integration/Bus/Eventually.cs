namespace Merpati.Tests.Integration.Bus;

internal static class Eventually
{
    /// <summary>Only a server that does nothing at all takes as long.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Tries until it is so.</summary>
    public static async Task BeAsync(Func<Task<bool>> condition, string what)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await condition())
        {
            if (patience.IsCancellationRequested) throw new TimeoutException($"Not within {Patience.TotalSeconds} s: {what}");
            await Task.Delay(20, CancellationToken.None);
        }
    }

    public static Task BeAsync(Func<bool> condition, string what) => BeAsync(() => Task.FromResult(condition()), what);
}
