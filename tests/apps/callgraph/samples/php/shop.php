<?php
class Shop {
    public function order($item) {
        $this->check($item);
        return price($item) + strlen($item);
    }

    private function check($item) {
        if ($item === '') throw new Exception('nothing');
    }
}

function price($item) {
    return 2 * count([$item]);
}
