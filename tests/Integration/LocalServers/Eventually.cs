namespace Merpati.Tests.Integration.LocalServers;

internal static class Eventually
{
    /// <summary>Asks until the condition holds.</summary>
    public static async Task Async(Func<Task<bool>> condition, TimeSpan patience)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > patience) throw new TimeoutException($"It did not come about within {patience}.");
            await Task.Delay(50);
        }
    }
}
